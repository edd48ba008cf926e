// The dispatch board with a script: it follows the hub, counts times, and calls out when asked; live.js keeps what is being
// typed. Without it every page works by loading it again.
(function () {
  "use strict";

  // A hub that has said nothing for so long is lost (milliseconds); it says something every ten seconds.
  var SILENCE = 25000;
  // Between two looks at the clock.
  var TICK = 1000;
  // Before a stream that the browser gave up is opened again.
  var AGAIN = 5000;
  // Between two fetches, so that many changes at once are one.
  var PACE = 400;

  var stream = null;
  var newest = 0;
  var waits = false;
  var isLost = false;
  var isCut = false;
  var heard = Date.now();
  var checked = Date.now();
  var fetching = 0;
  var again = 0;
  var sound = null;
  var known = null;

  function live() {
    return document.getElementById("live");
  }

  function shown() {
    return Number(live().dataset.change);
  }

  function say(words) {
    var place = document.getElementById("board-said");
    if (place && place.textContent !== words) place.textContent = words;
  }

  // How new it is

  function clock() {
    var time = new Date(live().dataset.now);
    return time.toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
  }

  function tellFresh() {
    var place = document.querySelector("[data-fresh]");
    if (!place) return;
    var age = Math.max(0, Math.round((Date.now() - checked) / 1000));
    var words = isLost ? place.dataset.lostWords : waits ? place.dataset.newWords : place.dataset.ageWords;
    place.textContent = words.replace("{time}", clock()).replace("{age}", String(age));
    document.getElementById("fresh").classList.toggle("late", isLost || waits);
    document.getElementById("fresh").classList.toggle("lost", isLost);
  }

  function setLost(now) {
    if (isLost === now) return;
    isLost = now;
    tellFresh();
    say(document.querySelector("[data-fresh]").textContent);
  }

  // Times that run out

  function two(number) {
    return number < 10 ? "0" + number : String(number);
  }

  function countDown() {
    var box = live();
    // The hub's clock counts, not this machine's.
    var now = new Date(box.dataset.now).getTime() + (Date.now() - Number(box.dataset.got));
    box.querySelectorAll("[data-due]").forEach(function (place) {
      var left = Math.round((new Date(place.dateTime).getTime() - now) / 1000);
      var size = Math.abs(left);
      var hours = Math.floor(size / 3600);
      var minutes = Math.floor(size / 60) % 60;
      var time = (hours ? hours + ":" + two(minutes) : String(minutes)) + ":" + two(size % 60);
      place.textContent = (left < 0 ? box.dataset.over : box.dataset.left).replace("{time}", time);
      place.classList.toggle("over", left < 0);
    });
  }

  // What is being typed stays

  function isBusy() {
    return window.shouwangLive.isBusy();
  }

  document.addEventListener("submit", function () {
    // What was sent is on its way: a page that changes under it does no harm.
    window.clearTimeout(fetching);
  });

  document.addEventListener("live:kept", function (event) {
    waits = waits || event.detail.isNew;
    heard = Date.now();
    tellFresh();
  });

  document.addEventListener("live:arrived", arrived);

  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (!event.detail.xhr || event.detail.xhr.status !== 401) setLost(true);
    });
  });

  // Fetching it anew

  function refresh() {
    window.clearTimeout(fetching);
    fetching = window.setTimeout(function () {
      if (window.htmx) window.htmx.trigger(live(), "board-refresh");
    }, PACE);
  }

  function arrived() {
    live().dataset.got = String(Date.now());
    checked = Date.now();
    heard = checked;
    waits = false;
    setLost(false);
    if (newest < shown()) newest = shown();
    soundButton();
    others(null);
    callOut();
    countDown();
    tellFresh();
  }

  // The stream

  function told(event) {
    heard = Date.now();
    isCut = false;
    newest = Number(event.lastEventId);
    setLost(false);
    try {
      others(JSON.parse(event.data).present);
    } catch (unreadable) {
      // Then only who looks is not known.
    }
    if (event.type === "reset" || newest !== shown()) {
      if (isBusy()) {
        waits = true;
      } else {
        refresh();
      }
    } else {
      checked = heard;
    }
    tellFresh();
  }

  function follow() {
    window.clearTimeout(again);
    if (!window.EventSource) return;
    var box = live();
    var query = "?after=" + encodeURIComponent(box.dataset.change) + "&name=" + encodeURIComponent(box.dataset.name);
    stream = new EventSource("/board/events" + query);
    ["beat", "change", "reset"].forEach(function (name) {
      stream.addEventListener(name, told);
    });
    stream.onerror = function () {
      // Once is a stream that came to its end; twice without a word in between is a hub that is not there.
      if (isCut) setLost(true);
      isCut = true;
      // The browser asks again by itself, but not after an answer that is no stream.
      if (stream.readyState === 2) {
        stream.close();
        again = window.setTimeout(follow, AGAIN);
      }
    };
  }

  // A page that comes back from the browser's memory, or from the background, may be old.
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && !isBusy()) refresh();
  });
  window.addEventListener("pagehide", function () {
    if (stream) stream.close();
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      follow();
      refresh();
    }
  });

  // Who else looks

  var looking = [];

  function others(names) {
    if (names) looking = names;
    var place = document.getElementById("others");
    if (!place) return;
    var reader = live().dataset.reader;
    var rest = looking.filter(function (name) {
      return name !== reader;
    });
    // Before the first word of the stream, what the page said stays.
    if (!names && !looking.length) return;
    place.hidden = rest.length === 0;
    place.querySelector("[data-others]").textContent = place.dataset.words.replace("{names}", rest.join("、"));
  }

  // The alarm: only after somebody has asked for it, as browsers want it and people, too

  function beep() {
    if (!sound) return;
    [0, 0.35, 0.7].forEach(function (start) {
      var tone = sound.createOscillator();
      var volume = sound.createGain();
      tone.frequency.value = 880;
      volume.gain.setValueAtTime(0.0001, sound.currentTime + start);
      volume.gain.exponentialRampToValueAtTime(0.4, sound.currentTime + start + 0.03);
      volume.gain.exponentialRampToValueAtTime(0.0001, sound.currentTime + start + 0.28);
      tone.connect(volume);
      volume.connect(sound.destination);
      tone.start(sound.currentTime + start);
      tone.stop(sound.currentTime + start + 0.3);
    });
  }

  function callOut() {
    var now = {};
    var fresh = [];
    document.querySelectorAll("[data-task]").forEach(function (one) {
      now[one.dataset.task] = true;
      if (known && !known[one.dataset.task]) {
        fresh.push(one.querySelector(".task-text").textContent.trim());
        one.classList.add("fresh-task");
      }
    });
    known = now;
    if (fresh.length) {
      beep();
      say(fresh.join(" · "));
    }
  }

  function soundButton() {
    var button = document.querySelector("[data-sound]");
    var Sound = window.AudioContext || window.webkitAudioContext;
    if (!button || !Sound) return;
    button.hidden = false;
    button.textContent = sound ? button.dataset.off : button.dataset.on;
    button.setAttribute("aria-pressed", sound ? "true" : "false");
    button.onclick = function () {
      if (sound) {
        sound.close();
        sound = null;
      } else {
        sound = new Sound();
        beep();
      }
      soundButton();
    };
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("[data-refresh]");
    if (!link || isLost) return;
    // Whoever asks for it gives up what is typed; the link itself loads the whole page.
    if (!isBusy()) {
      event.preventDefault();
      refresh();
    }
  });

  if (!live()) return;
  newest = shown();
  arrived();
  follow();
  window.setInterval(function () {
    if (Date.now() - heard > SILENCE) setLost(true);
    countDown();
    tellFresh();
  }, TICK);
})();
