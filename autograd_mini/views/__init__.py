"""Views of a computation graph: drawings, explanations, a page, charts."""
