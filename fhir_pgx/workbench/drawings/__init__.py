"""Values as pictures: SVG that is made here, with classes and never a style of its own."""
