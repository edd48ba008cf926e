// A member's emergency page with a script: it says when it could not renew itself, and why.
(function () {
  "use strict";

  var SIGNED_OUT = 401;
  var place = document.getElementById("fresh");
  if (!place) return;

  function say(words) {
    place.hidden = !words;
    place.classList.toggle("lost", words === place.dataset.lostWords);
    place.querySelector("[data-fresh]").textContent = words;
  }

  document.addEventListener("live:kept", function (event) {
    if (event.detail.isNew) say(place.dataset.newWords);
  });

  document.addEventListener("live:arrived", function () {
    say("");
  });

  document.addEventListener("htmx:afterRequest", function (event) {
    // What is new and not shown stays said.
    if (event.detail.successful && place.classList.contains("lost")) say("");
  });

  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var answer = event.detail.xhr;
      // The sign-in is a page of its own.
      if (answer && answer.status === SIGNED_OUT) window.location.reload();
      else say(place.dataset.lostWords);
    });
  });
})();
