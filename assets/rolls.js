// Long piano rolls: those of one length scroll together, so that before and after stay above each other, and an edge
// beyond which there is more fades out.
() => {
  const VIEWS = '.roll.wide .view';
  const fade = view => {
    view.classList.toggle('more', view.scrollLeft + view.clientWidth < view.scrollWidth - 2);
  };
  const sizes = new ResizeObserver(entries => entries.forEach(entry => fade(entry.target)));
  document.addEventListener('load', event => {
    const view = event.target.closest?.(VIEWS);
    if (view) {
      sizes.observe(view);
      fade(view);
    }
  }, true);
  document.addEventListener('scroll', event => {
    const view = event.target;
    if (!view.matches?.(VIEWS)) return;
    fade(view);
    for (const other of document.querySelectorAll(VIEWS)) {
      if (other.scrollWidth === view.scrollWidth) other.scrollLeft = view.scrollLeft;
    }
  }, true);
}
