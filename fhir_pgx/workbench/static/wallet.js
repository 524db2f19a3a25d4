"use strict";
// Printing takes a script: without one the button stays away, and the browser's own menu does it.
const print = document.getElementById("print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
