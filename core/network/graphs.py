"""Graphs of our functions. Their loops are TensorFlow's own, so nothing in them has to be rewritten by AutoGraph, which
would take up to two seconds for a model's first clip."""

from __future__ import annotations

from functools import partial

import tensorflow as tf

Graph = tf.types.experimental.PolymorphicFunction
graph = partial(tf.function, autograph=False)
