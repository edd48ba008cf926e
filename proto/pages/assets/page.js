// Small things that need a script, on pages that work without it.
(function () {
  "use strict";

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      window.print();
    });
  });

  // Back to the list as it was, when one came from there.
  document.querySelectorAll("[data-back]").forEach(function (link) {
    try {
      link.href = window.sessionStorage.getItem("search") || link.href;
    } catch (refused) {
      // Then the link leads to the first page.
    }
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
