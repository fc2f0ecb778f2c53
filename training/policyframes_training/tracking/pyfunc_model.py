"""A bundle as an MLflow pyfunc model. MLflow stores this file as the model's code and runs it where it is loaded.

So it imports nothing of training: only policyframes, and mlflow itself, which tracking.py alone imports elsewhere.
Output per text: a probability per framing under the framing's id.
"""

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from policyframes import load


class BundleModel(PythonModel):  # type: ignore[misc]  # mlflow is untyped
    """Texts -> probabilities by framing, with the bundle that is the model's artifact `bundle`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the bundle that was logged with the model."""
        self.scorer = load(context.artifacts["bundle"])

    def predict(self, model_input: list[str], params: dict[str, str] | None = None) -> list[dict[str, float]]:
        """Return the calibrated probability of each framing, one mapping per text, in the order of the texts."""
        del params  # MLflow's signature has it; there is nothing to set
        return [score.probabilities for score in self.scorer.score(model_input)]


set_model(BundleModel())
