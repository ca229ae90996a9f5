"""The page: one file a tab, shared result cards, texts and styles. Knows `core`'s public names and Gradio."""
