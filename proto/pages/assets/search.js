// The search page with a script: suggestions while typing, "/" leads to the box. Without it the page works too.
(function () {
  "use strict";

  var WAIT = 120;
  var box = document.getElementById("q");
  var list = document.getElementById("suggestions");
  var said = document.getElementById("suggest-said");
  if (!box || !list) return;

  var timer = 0;
  var asked = 0;
  var typed = box.value;
  var chosen = -1;
  var composing = false;

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-expanded", "false");
  box.setAttribute("aria-controls", list.id);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.dataset.list);

  function options() {
    return list.querySelectorAll("[role=option]");
  }

  function close() {
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    var all = options();
    if (!all.length) return;
    chosen = index < -1 ? all.length - 1 : index >= all.length ? -1 : index;
    all.forEach(function (one, number) {
      one.setAttribute("aria-selected", number === chosen ? "true" : "false");
    });
    if (chosen < 0) {
      box.removeAttribute("aria-activedescendant");
      box.value = typed;
    } else {
      box.setAttribute("aria-activedescendant", all[chosen].id);
      box.value = all[chosen].dataset.text;
    }
  }

  function show(text) {
    // Written and escaped by our own server.
    list.innerHTML = text;
    var count = options().length;
    chosen = -1;
    list.hidden = count === 0;
    box.setAttribute("aria-expanded", count ? "true" : "false");
    said.textContent = count ? count + " " + box.dataset.found : "";
  }

  function ask() {
    var number = ++asked;
    typed = box.value;
    if (!typed.trim()) {
      close();
      return;
    }
    fetch(box.dataset.suggest + "?q=" + encodeURIComponent(typed), { credentials: "same-origin" })
      .then(function (answer) {
        return answer.ok ? answer.text() : "";
      })
      .then(function (text) {
        // A later question, or another place on the page, makes this answer useless.
        if (number === asked && document.activeElement === box && !composing) show(text);
      })
      .catch(function () {
        close();
      });
  }

  function later() {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, WAIT);
  }

  function go(text) {
    window.clearTimeout(timer);
    asked++;
    box.value = text;
    close();
    box.form.submit();
  }

  box.addEventListener("compositionstart", function () {
    composing = true;
  });
  box.addEventListener("compositionend", function () {
    composing = false;
    later();
  });
  box.addEventListener("input", function () {
    if (!composing) later();
  });
  box.addEventListener("keydown", function (event) {
    if (event.isComposing || composing) return;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      box.value = typed;
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) later();
      else choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      window.clearTimeout(timer);
      asked++;
      close();
    }
  });
  box.addEventListener("blur", function () {
    window.setTimeout(close, 150);
  });
  list.addEventListener("mousedown", function (event) {
    var one = event.target.closest("[role=option]");
    if (!one) return;
    event.preventDefault();
    go(one.dataset.text);
  });

  document.addEventListener("keydown", function (event) {
    var place = event.target;
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(place.tagName) || place.isContentEditable;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });

  // For the way back from a publication, in this tab alone.
  function remember() {
    try {
      window.sessionStorage.setItem("search", window.location.pathname + window.location.search);
    } catch (refused) {
      // Then the way back leads to the first page.
    }
  }
  remember();

  // What a script could not get is asked for as a page, which says what is wrong.
  ["htmx:responseError", "htmx:sendError"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var path = event.detail.pathInfo && event.detail.pathInfo.requestPath;
      if (path && event.detail.xhr.status !== 401) window.location.assign(path);
    });
  });

  // What was chosen beside the list is part of the next question typed into the box.
  document.addEventListener("htmx:afterSettle", function () {
    remember();
    var fields = new URLSearchParams(window.location.search);
    box.form.querySelectorAll("input[type=hidden]").forEach(function (one) {
      one.remove();
    });
    fields.forEach(function (value, name) {
      if (["q", "after", "page", "lang"].indexOf(name) >= 0) return;
      var kept = document.createElement("input");
      kept.type = "hidden";
      kept.name = name;
      kept.value = value;
      box.form.appendChild(kept);
    });
  });
})();
