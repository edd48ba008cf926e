// A part of a page that is fetched anew (id "live"): what somebody types in it is not taken away, and what somebody opened
// stays open.
//
// Tells the page: "live:kept", when something came and was not shown (detail.isNew: it says something new), and
// "live:arrived", when it is shown.
(function () {
  "use strict";

  var opened = [];

  function live() {
    return document.getElementById("live");
  }

  function isBusy() {
    return Boolean(live().querySelector("form[data-typed], form .note.bad"));
  }

  function tell(name, detail) {
    document.dispatchEvent(new CustomEvent(name, { detail: detail }));
  }

  document.addEventListener("input", function (event) {
    var form = event.target.closest && event.target.closest(".live form");
    if (form) form.dataset.typed = "1";
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    var box = live();
    if (event.detail.target !== box || event.detail.xhr.status !== 200) return;
    if (isBusy()) {
      event.detail.shouldSwap = false;
      var change = /data-change="(\d+)"/.exec(event.detail.xhr.responseText);
      tell("live:kept", { isNew: Boolean(change) && change[1] !== box.dataset.change });
      return;
    }
    opened = Array.prototype.map.call(box.querySelectorAll("details[open][id]"), function (one) {
      return one.id;
    });
  });

  document.addEventListener("htmx:afterSettle", function () {
    opened.forEach(function (id) {
      var one = document.getElementById(id);
      if (one) one.open = true;
    });
    opened = [];
    tell("live:arrived", {});
  });

  window.shouwangLive = { isBusy: isBusy };
})();
