"""Cards as an EHR draws them, and what a click on one sends."""
