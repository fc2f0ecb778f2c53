"use strict";
(() => {
  const form = document.getElementById("filter");
  const articles = [...document.querySelectorAll("article.document")];
  const status = form && form.querySelector("output");
  const passages = articles.flatMap((article) =>
    [...article.querySelectorAll(".passage")].map((element) => ({ element, article: article.id, words: null })));

  function reads(passage, text) {
    if (!text) return true;
    passage.words ??= passage.element.querySelector(".text").textContent.toLowerCase();
    return passage.words.includes(text);
  }

  function holds(value, wanted) {
    return !wanted || (value || "").split(" ").includes(wanted);
  }

  function paint(text) {
    if (!window.CSS || !CSS.highlights) return;
    CSS.highlights.delete("found");
    if (text.length < 2) return;
    const ranges = [];
    for (const passage of passages) {
      if (passage.element.hidden) continue;
      const walker = document.createTreeWalker(passage.element.querySelector(".text"), NodeFilter.SHOW_TEXT);
      while (walker.nextNode() && ranges.length < 2000) {
        const words = walker.currentNode.data.toLowerCase();
        for (let at = words.indexOf(text); at >= 0; at = words.indexOf(text, at + text.length)) {
          if (at + text.length > walker.currentNode.length) break;
          const range = new Range();
          range.setStart(walker.currentNode, at);
          range.setEnd(walker.currentNode, at + text.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  function apply() {
    const value = (name) => (form.elements[name] ? form.elements[name].value : "");
    const text = value("text").trim().toLowerCase();
    const uncertain = form.elements.uncertain.checked ? "uncertain" : "";
    const wanted = { kind: value("kind"), aspect: value("aspect"), voice: value("voice"), place: value("document") };
    const isFiltered = Boolean(text || uncertain || Object.values(wanted).some(Boolean));
    let shown = 0;
    for (const passage of passages) {
      const data = passage.element.dataset;
      const fits = holds(data.k, wanted.kind) && holds(data.k, uncertain) && holds(data.a, wanted.aspect)
        && holds(data.v, wanted.voice) && (!wanted.place || passage.article === wanted.place) && reads(passage, text);
      passage.element.hidden = !fits;
      shown += fits;
    }
    for (const article of articles) {
      article.classList.toggle("filtered", isFiltered);
      article.hidden = isFiltered && !article.querySelector(".passage:not([hidden])");
    }
    paint(text);
    status.textContent = isFiltered ? `${shown} of ${passages.length} passages shown` : `${passages.length} passages`;
  }

  if (form && passages.length) {
    let waiting = 0;
    form.hidden = false;
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
    form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
    form.addEventListener("reset", () => setTimeout(apply));
    // A link into the text must not lead to a passage that the filter hides.
    window.addEventListener("hashchange", () => {
      const target = document.querySelector(":target");
      if (target && target.closest("[hidden]")) { form.reset(); setTimeout(() => target.scrollIntoView(), 200); }
    });
    apply();
  }

  const opened = [];
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.behind:not([open])")) { details.open = true; opened.push(details); }
  });
  window.addEventListener("afterprint", () => { for (const details of opened.splice(0)) details.open = false; });
})();
