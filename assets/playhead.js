// A playhead over the roll of what plays, a click on a roll to go there, loops that end on the bar line, and keys:
// space plays, 1 to 8 choose a clip, G makes new ones.
//
// Players are Gradio's, drawn by wavesurfer.js: where they are stands in the cursor's style, and a click on their
// waveform moves them.
() => {
  const CARD = '.card';
  const waveform = card => card.querySelector('.player #waveform > div')?.shadowRoot;
  const button = card => card.querySelector('.player .play-pause-button');
  const isShown = element => element && element.offsetParent !== null;
  let chosen = null;

  // Seconds into the sound, null where there is no player.
  const now = (card, sheet) => {
    const scroll = waveform(card)?.querySelector('[part~="scroll"]');
    // A long sound's waveform scrolls, and must do so by keys as well.
    if (scroll && scroll.tabIndex < 0) scroll.tabIndex = 0;
    const cursor = waveform(card)?.querySelector('[part~="cursor"], .cursor');
    return cursor ? parseFloat(cursor.style.left || '0') / 100 * sheet.dataset.heard : null;
  };
  const goTo = (card, sheet, seconds) => {
    const wrapper = waveform(card)?.querySelector('[part~="wrapper"], .wrapper');
    if (!wrapper) return;
    const box = wrapper.getBoundingClientRect();
    const x = box.left + Math.min(seconds / sheet.dataset.heard, 0.999) * box.width;
    wrapper.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: x, clientY: box.top + box.height / 2}));
  };
  const place = (sheet, seconds) => {
    const {from, to, seconds: length} = sheet.dataset;
    const share = Math.min(Math.max(seconds / length, 0), 1);
    return (+from + share * (to - from)) * sheet.clientWidth;
  };

  const frame = () => {
    for (const sheet of document.querySelectorAll(`${CARD} .sheet`)) {
      const card = sheet.closest(CARD), head = sheet.querySelector('.playhead');
      if (!isShown(card)) continue;
      let seconds = now(card, sheet);
      const before = sheet.seconds ?? 0;
      if (seconds === null) {
        head.hidden = true;
        continue;
      }
      const moves = seconds > before && seconds - before < 1;
      if (moves && seconds >= sheet.dataset.seconds && card.querySelector('.loop[aria-pressed="true"]')) {
        goTo(card, sheet, 0);
        seconds = 0;
      }
      if (seconds !== before || head.hidden) {
        const x = place(sheet, seconds);
        head.hidden = seconds === 0;
        head.style.transform = `translateX(${x}px)`;
        const view = sheet.parentElement;
        const edge = view.scrollLeft + view.clientWidth;
        if (moves && (x > edge - 24 || x < view.scrollLeft)) view.scrollLeft = x - 0.15 * view.clientWidth;
      }
      sheet.seconds = seconds;
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);

  const play = card => {
    chosen = card;
    document.querySelectorAll(`${CARD}.chosen`).forEach(other => other.classList.toggle('chosen', other === card));
    card.classList.add('chosen');
    button(card)?.click();
  };
  const shownCards = () => [...document.querySelectorAll(CARD)].filter(card => isShown(card) && button(card));

  document.addEventListener('click', event => {
    const loop = event.target.closest?.('.loop');
    if (loop) {
      loop.setAttribute('aria-pressed', loop.getAttribute('aria-pressed') !== 'true');
      return;
    }
    const sheet = event.target.closest?.('.sheet'), card = event.target.closest?.(CARD);
    if (card) chosen = card;
    if (!sheet || !card) return;
    const {from, to, seconds} = sheet.dataset;
    const x = (event.clientX - sheet.getBoundingClientRect().left) / sheet.clientWidth;
    goTo(card, sheet, Math.min(Math.max((x - from) / (to - from), 0), 0.999) * seconds);
  });

  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.target;
    if (target.closest?.('input, textarea, select, [contenteditable="true"], [role="listbox"], [role="slider"], .pad')) {
      return;
    }
    if (event.key === ' ') {
      // Then the space bar is a drum.
      if (document.querySelector('.pad[data-state="running"]')) return;
      // On a button the space bar presses it.
      if (target.closest?.('button, a, summary, [role="tab"], [role="button"]')) return;
      const card = isShown(chosen) && button(chosen) ? chosen : shownCards()[0];
      if (!card) return;
      event.preventDefault();
      play(card);
    } else if (/^[1-8]$/.test(event.key)) {
      const card = document.getElementById(`card-${event.key}`);
      if (!isShown(card) || !button(card)) return;
      card.scrollIntoView({block: 'nearest'});
      play(card);
    } else if (event.key.toLowerCase() === 'g') {
      const make = [...document.querySelectorAll('button.primary')].find(isShown);
      make?.click();
    }
  });
}
