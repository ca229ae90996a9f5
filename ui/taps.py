"""The tap pad: two bars to a metronome that is heard and seen, played with the pointer or the space bar."""

from __future__ import annotations

import gradio as gr

from ui import texts

# Taps are timed by the browser's clock, less the time that the sound of the metronome takes to the ear.
SCRIPT = """
const COUNT_IN = 4, BEATS = 8;
let taps = [], audio = null, begins = 0, beat = 0.5, qpm = 120, running = false;
const find = selector => element.querySelector(selector);
const playing = () => find('.pad').dataset.state === 'running';

function blip(at, pitch, loudness) {
  const tone = audio.createOscillator(), level = audio.createGain();
  tone.frequency.value = pitch;
  level.gain.setValueAtTime(loudness, at);
  level.gain.exponentialRampToValueAtTime(0.001, at + 0.06);
  tone.connect(level).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.07);
}

async function start() {
  if (running) return;
  running = true;
  find('.start').disabled = true;
  qpm = Number(document.querySelector('TEMPO input[type=number]')?.value) || 120;
  beat = 60 / qpm;
  taps = [];
  audio = new AudioContext();
  // It may take a while to be heard at all, or never be.
  await Promise.race([audio.resume(), new Promise(resolve => setTimeout(resolve, 500))]);
  const lead = 0.25, first = audio.currentTime + lead;
  begins = performance.now() / 1000 + lead + COUNT_IN * beat;
  for (let i = 0; i < COUNT_IN + BEATS; i++) blip(first + i * beat, i % 4 ? 900 : 1350, i < COUNT_IN ? 0.25 : 0.15);
  find('.pad').dataset.state = 'running';
  find('.tap').disabled = false;
  find('.tap').focus({ preventScroll: true });
  requestAnimationFrame(light);
}

function light() {
  if (!running) return;
  const now = performance.now() / 1000 - begins;
  const lit = Math.floor(now / beat) + COUNT_IN;
  element.querySelectorAll('.lights i').forEach((dot, i) => {
    dot.className = (i < COUNT_IN ? 'count ' : '') + (i % 4 ? '' : 'one ') + (i === lit ? 'on' : '');
  });
  if (now > (BEATS - 0.1) * beat) return finish();
  requestAnimationFrame(light);
}

function finish() {
  running = false;
  find('.pad').dataset.state = 'idle';
  find('.start').disabled = false;
  find('.tap').disabled = true;
  const context = audio;
  setTimeout(() => context.close(), 500);
  trigger('submit', { taps: taps, qpm: qpm });
}

function tap(event) {
  if (!playing()) return;
  event.preventDefault();
  const late = Math.max(0, performance.now() - event.timeStamp) / 1000;
  const now = performance.now() / 1000 - late - (audio.outputLatency || 0) - begins;
  taps.push(now);
  blip(audio.currentTime, 220, 0.3);
  const button = find('.tap');
  button.classList.add('hit');
  setTimeout(() => button.classList.remove('hit'), 80);
}

element.addEventListener('click', event => { if (event.target.closest('.start')) start(); });
element.addEventListener('pointerdown', event => { if (event.target.closest('.tap')) tap(event); });
document.addEventListener('keydown', event => {
  if (playing() && event.code === 'Space') { event.preventDefault(); if (!event.repeat) tap(event); }
});
document.addEventListener('keyup', event => { if (playing() && event.code === 'Space') event.preventDefault(); });
"""


def build(tempo_id: str) -> gr.HTML:
    """The pad; it reads its tempo from the slider with this id, and after two bars its `submit` event carries
    `taps`, seconds after the first beat, and `qpm`."""
    return gr.HTML(str(texts.PAD), js_on_load=SCRIPT.replace("TEMPO", f"#{tempo_id}"), elem_id="tap-pad", padding=False)
