"""What crosses the wire as JSON, one frozen record each; `typescript` writes their twins for the page.

Numbers that may be missing or not finite are None. Class numbers are indices into `DatasetSummary.classes`, whatever
classes a model knows; row numbers count in the data set, training rows first.
"""

from sightline.studio.wire.asking import (
    ChangeSummary,
    ExplanationSummary,
    FeatureShare,
    Neighbour,
    UploadSummary,
)
from sightline.studio.wire.data import (
    ClassSummary,
    DatasetSummary,
    ExplorationSummary,
    Framing,
    Hello,
    Limits,
    Manifest,
    Pair,
    PCASummary,
    Problem,
    RecipeSummary,
    ScatterSummary,
    Setup,
    StagesSummary,
)
from sightline.studio.wire.judging import (
    ClassScores,
    ComparisonSummary,
    EvaluationSummary,
    Interval,
    PredictionsSummary,
    ReliabilityBin,
)
from sightline.studio.wire.learning import (
    Event,
    Method,
    ModelSummary,
    Passes,
    PassEvent,
    Phase,
    Plane,
    SessionState,
    TrainingState,
    TrainRequest,
    WeightsSummary,
)

__all__ = [
    "ChangeSummary",
    "ClassScores",
    "ClassSummary",
    "ComparisonSummary",
    "DatasetSummary",
    "EvaluationSummary",
    "Event",
    "ExplanationSummary",
    "ExplorationSummary",
    "FeatureShare",
    "Framing",
    "Hello",
    "Interval",
    "Limits",
    "Manifest",
    "Method",
    "ModelSummary",
    "Neighbour",
    "PCASummary",
    "Pair",
    "PassEvent",
    "Passes",
    "Phase",
    "Plane",
    "PredictionsSummary",
    "Problem",
    "RecipeSummary",
    "ReliabilityBin",
    "ScatterSummary",
    "SessionState",
    "Setup",
    "StagesSummary",
    "TrainRequest",
    "TrainingState",
    "UploadSummary",
    "WeightsSummary",
]
