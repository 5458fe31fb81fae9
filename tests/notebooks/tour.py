"""A notebook with every object of the library, executed and exported.

``python tests/notebooks/tour.py FOLDER`` writes ``tour.ipynb`` and ``tour.html``, to be looked at
in JupyterLab and, without a network, in a browser.
"""

import argparse
import json
from pathlib import Path

CELLS = {
    "import": (
        "import random\n"
        "import autograd_mini as ag\n"
        "from autograd_mini import plots\n"
        "from autograd_mini.programs import Program"
    ),
    "leaf": "x = ag.Value(0.5, name='x<b>&\"$')\nx",
    "node": "w, b = ag.Value(-1.5, name='w'), ag.Value(0.25, name='b')\na = (w * x + b).tanh()\na",
    "backward": "E = (1 - a) ** 2 / 2\nE.backward()\nw",
    "row": "a.op",
    "drawing": "ag.draw(E, names={'E': E})",
    "derivative": "ag.explain(E, wrt=w, names={'E': E})",
    "backward pass": "ag.explain(E, names={'E': E})",
    "page": "ag.explore(E, names={'E': E})",
    "program": "Program.of(E)",
    "report": "ag.testing.check_gradients(lambda x, y: x * ag.exp(y), 2.0, 3.0)",
    "comparison": "_.worst",
    "model": "model = ag.MLP(2, [3, 1], activation='tanh', rng=random.Random(1))\nmodel",
    "summary": "model.summary()",
    "layer": "model.layers[0]",
    "neuron": "model.layers[0].neurons[1]",
    "parameters": "model.parameters()",
    "activations": "ag.nn.ACTIVATIONS",
    "optimizer": "adam = ag.Adam(model.parameters(), lr=0.05)\nadam",
    "snapshot": "adam.snapshot()",
    "training": (
        "X, y = [(0, 0), (0, 1), (1, 0), (1, 1)], [0, 1, 1, 0]\n"
        "loss = ag.losses.binary_cross_entropy\n"
        "history = ag.fit(model, X, y, loss=loss, optimizer=adam, epochs=300, tolerance=0.05,\n"
        "                 progress=True)"
    ),
    "history": "history",
    "best": "history.best",
    "drawing of a model": "ag.draw(loss([model([1, 0])], [1]))",
    "losses": "plots.losses(history)",
    "gradient norms": "plots.gradient_norms(history)",
    "gradient sizes": "plots.gradient_sizes(model)",
    "decision boundary": "plots.decision_boundary(model, X, y)",
    "activation": "plots.activation('tanh')",
    "panels": "plots.activations(['relu', 'tanh'])",
    "descent": "plots.descent(lambda w: (w - 2) ** 2, [0.0, 1.0, 1.5])",
    "map": "plots.descent(lambda v, w: v * v + 3 * w * w, [(2, 1), (1.2, -0.2), (0.7, 0.05)])",
    "error": "try:\n    ag.log(ag.Value(-1.0))\nexcept ag.DomainError as error:\n    print(error)",
}
"""Each cell by what it shows."""


def build():
    """Return the notebook as JSON."""
    cells = [
        {
            "cell_type": "code",
            "id": name.replace(" ", "-"),
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for name, source in CELLS.items()
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def execute(folder):
    """Return the notebook after all cells have run in the folder, and its export as HTML."""
    import nbclient  # noqa: PLC0415 - optional
    import nbconvert  # noqa: PLC0415 - optional
    import nbformat  # noqa: PLC0415 - optional

    notebook = nbformat.reads(build(), as_version=4)
    where = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where)
    client.execute()
    html, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    return notebook, html


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    notebook, html = execute(folder)
    (folder / "tour.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (folder / "tour.html").write_text(html, encoding="utf-8")
    print(f"wrote {folder / 'tour.ipynb'} and {folder / 'tour.html'}")


if __name__ == "__main__":
    main()
