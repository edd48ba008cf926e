// Small things that need a script, on pages that work without it.
(function () {
  "use strict";

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      window.print();
    });
  });

  // Back to the list as it was, when that is where one came from.
  document.querySelectorAll("[data-back]").forEach(function (link) {
    link.addEventListener("click", function (event) {
      if (window.history.length > 1 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        window.history.back();
      }
    });
  });

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var source = document.getElementById(button.dataset.copy);
    if (!source) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      source.focus();
      source.select();
      // Works also where the newer way is not there: over plain http, and in older browsers.
      if (document.execCommand("copy")) button.textContent = button.dataset.copied;
    });
  });

  document.querySelectorAll("form[data-sure]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (!window.confirm(form.dataset.sure)) event.preventDefault();
    });
  });
})();
