// For those who hear the page or use no mouse: the buttons beside code come in a <nav>, as many as there are blocks,
// and are no menus; tables wider than the page scroll, so the keyboard must reach them.
(() => {
  const mend = () => {
    for (const one of document.querySelectorAll("nav.md-code__nav:not([role])")) one.setAttribute("role", "none");
    for (const one of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) one.tabIndex = 0;
  };
  new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
  mend();
})();
