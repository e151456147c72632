// Written by `python -m sightline.studio.typescript web/src/wire.ts` from wire.py. Do not edit.

/** An atom that was found in cell (`row`, `column`) of a grid; `share` what that adds to the decision. `at` (row, column) in pixels of the middles of the patches that answer, the strongest first; `side` of a patch. */
export interface AtomFound {
  readonly name: string;
  readonly grid: number;
  readonly row: number;
  readonly column: number;
  readonly share: number;
  readonly at: readonly (readonly [number, number])[];
  readonly side: number;
}

/** A grid laid over an image: `name` of what it sums over, edges of its cells in pixels from the top left. */
export interface CellGridSummary {
  readonly name: string;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** What a model that looks at patches sees of one image; without grids where the model sees none. Shares, `z` and `bias` are those of `predicted` less those of `runner_up`; all shares and the bias add up to z. `found` those that do most, at most 8. */
export interface CellsSummary {
  readonly model: string;
  readonly row: number;
  readonly predicted: number | null;
  readonly runner_up: number | null;
  readonly z: number;
  readonly bias: number;
  readonly grids: readonly CellGridSummary[];
  readonly found: readonly AtomFound[];
}

/** The smallest change found that flips the decision to class `target`; `rms` a pixel, intensities 0…255. */
export interface ChangeSummary {
  readonly target: number;
  readonly norm: number;
  readonly rms: number;
  readonly flips: boolean;
  readonly method: string;
}

/** One decision taken apart; `z`, `bias` (R,), `probability` (K,) in the order of `classes`. For two classes R = 1 and z > 0 speaks for the second. contributions[r].sum() + bias[r] = z[r]. `features` those that part the decision from the runner-up most, at most 8. */
export interface ExplanationSummary {
  readonly model: string;
  readonly classes: readonly number[];
  readonly predicted: number;
  readonly runner_up: number;
  readonly label: number | null;
  readonly z: readonly number[];
  readonly bias: readonly number[];
  readonly probability: readonly number[];
  readonly linear: boolean;
  readonly path: readonly string[];
  readonly sentences: readonly string[];
  readonly change: ChangeSummary | null;
  readonly neighbours: readonly Neighbour[];
  readonly features: readonly FeatureShare[];
}

/** One feature that the classifier sees: its value and what it adds to each z, (R,). */
export interface FeatureShare {
  readonly name: string;
  readonly value: number;
  readonly contributions: readonly number[];
}

/** A training image near the one asked about; `distance` RMS difference in intensities. */
export interface Neighbour {
  readonly row: number;
  readonly label: number;
  readonly distance: number;
}

/** A photo that was read: what was done to it, in words. */
export interface UploadSummary {
  readonly notes: readonly string[];
}

/** One class and how many images it has. */
export interface ClassSummary {
  readonly name: string;
  readonly train: number;
  readonly test: number;
}

/** The images: `n` of them, the first `n_train` for training. Images are `height` × `width` × `channels` (1 or 3), thumbnails `thumb_height` × `thumb_width` × `channels`; both come in blocks of `image_block` and `thumb_block` images, the last block shorter. `band` the columns lo…hi−1 of X that the tutorial shows as numbers. */
export interface DatasetSummary {
  readonly name: string;
  readonly source: string;
  readonly licence: string;
  readonly notes: readonly string[];
  readonly digest: string;
  readonly n: number;
  readonly n_train: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: readonly ClassSummary[];
  readonly image_block: number;
  readonly thumb_height: number;
  readonly thumb_width: number;
  readonly thumb_block: number;
  readonly band: readonly [number, number];
}

/** What a look at the images found; its pictures come beside it as arrays. `rank` directions that carry 90, 95 and 99 % of the variance; `duplicates` groups of equal images; `near` the nearest pairs, at most 200; `leaks` pairs with one row in training and one in test; `conflicts` equal images with different labels; `typical`, `atypical` rows for each class; `blank` rows of one colour. */
export interface ExplorationSummary {
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly std: number;
  readonly zero_share: number;
  readonly balance: number;
  readonly rank: readonly [number, number, number];
  readonly duplicates: readonly (readonly number[])[];
  readonly near: readonly Pair[];
  readonly leaks: readonly Pair[];
  readonly conflicts: readonly (readonly number[])[];
  readonly typical: readonly (readonly number[])[];
  readonly atypical: readonly (readonly number[])[];
  readonly blank: readonly number[];
}

/** How a drawing is brought into the frame of the training images; see `framing` and API.md for the steps. `ink` False: the images are no strokes on one ground, and an image is only fitted and padded. `negative`: the ground is light. `box_height`, `box_width` the frame, in pixels, that a drawing is scaled into; `centre` what comes to (`centre_row`, `centre_column`): the centre of mass of the ink, or the middle of its box. `stroke` width of a stroke in pixels. `threshold`: only pixels brighter than this are part of the box. */
export interface Framing {
  readonly ink: boolean;
  readonly negative: boolean;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly box_height: number;
  readonly box_width: number;
  readonly centre: "mass" | "box";
  readonly centre_row: number;
  readonly centre_column: number;
  readonly stroke: number;
  readonly threshold: number;
}

/** All that the page needs before it can draw itself. */
export interface Hello {
  readonly version: string;
  readonly static: boolean;
  readonly dataset: DatasetSummary;
  readonly recipes: readonly RecipeSummary[];
  readonly framing: Framing;
  readonly setup: Setup;
  readonly limits: Limits;
}

/** What the server takes: size of an upload, images of one prediction, trainings that wait, range of C. */
export interface Limits {
  readonly upload_bytes: number;
  readonly upload_pixels: number;
  readonly predict_images: number;
  readonly waiting: number;
  readonly C_low: number;
  readonly C_high: number;
}

/** `data/manifest.json`, the first thing the page asks for: whether a server or a folder of files answers. `static` False: ask `api/PATH`; True: ask `data/PATH.json` or `data/PATH.bin`, session `static`. `stages` the rows whose stages a static copy holds. */
export interface Manifest {
  readonly static: boolean;
  readonly version: string;
  readonly stages: readonly number[];
}

/** Two rows whose images are equal or nearly so; `distance` RMS difference in intensities 0…255. */
export interface Pair {
  readonly one: number;
  readonly other: number;
  readonly distance: number;
}

/** Principal components of the intensities scaled to 0…1: `share` of the variance that each carries. */
export interface PCASummary {
  readonly n_components: number;
  readonly share: readonly number[];
}

/** Why a request was refused: `error` what is wrong, `remedy` what to do, `code` for programs. */
export interface Problem {
  readonly error: string;
  readonly remedy: string;
  readonly code: "usage" | "missing" | "gone" | "busy" | "forbidden" | "too-large" | "data" | "internal";
}

/** One recipe: its default setup and what it costs on these images. `sizes` numbers of components worth a try; `linear` whether the page can predict by itself; `features` numbers that the classifier sees; `seconds` a rough estimate of one training from nothing. */
export interface RecipeSummary {
  readonly name: string;
  readonly summary: string;
  readonly setup: Setup;
  readonly sizes: readonly number[];
  readonly linear: boolean;
  readonly features: number;
  readonly seconds: number;
}

/** Names of the rows of `scatter`: intensity, symmetry, component 1 …; their `share` of the variance, if any. */
export interface ScatterSummary {
  readonly names: readonly string[];
  readonly share: readonly (number | null)[];
}

/** What is to be learned; what the address of the page holds. `n_components`, `degree` None where the recipe has no such choice, or for its default; `classes` names, empty for all; `n_train` None for all training images. */
export interface Setup {
  readonly recipe: string;
  readonly C: number;
  readonly n_components: number | null;
  readonly degree: number | null;
  readonly classes: readonly string[];
  readonly n_train: number | null;
  readonly seed: number;
}

/** One image on its way: `row` None for a drawing; `slant` columns a row that deskewing takes out. */
export interface StagesSummary {
  readonly row: number | null;
  readonly label: number | null;
  readonly slant: number;
}

/** How good the model is on one class; `support` images of it; areas None where one side is empty. Its curve is the entries `start` … `start + count − 1` of the arrays `threshold`, `false_positive_rate`, `true_positive_rate`, `precision`. */
export interface ClassScores {
  readonly label: number;
  readonly support: number;
  readonly precision: Interval;
  readonly recall: Interval;
  readonly f1: Interval;
  readonly roc_auc: number | null;
  readonly average_precision: number | null;
  readonly start: number;
  readonly count: number;
}

/** Two models on the same test images (McNemar's exact test); `difference` accuracy of a less that of b. */
export interface ComparisonSummary {
  readonly a: string;
  readonly b: string;
  readonly n: number;
  readonly both_right: number;
  readonly only_a: number;
  readonly only_b: number;
  readonly both_wrong: number;
  readonly difference: Interval;
  readonly p_value: number;
  readonly sentence: string;
}

/** What was measured on the test images of the classes the model knows. */
export interface EvaluationSummary {
  readonly model: string;
  readonly classes: readonly number[];
  readonly n: number;
  readonly accuracy: Interval;
  readonly log_loss: Interval;
  readonly brier: Interval;
  readonly calibration_error: Interval;
  readonly by_class: readonly ClassScores[];
  readonly reliability: readonly ReliabilityBin[];
}

/** A measured value and the interval that covers the true one with probability 0.95. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly method: string;
}

/** Of which model, and which classes it knows. */
export interface PredictionsSummary {
  readonly model: string;
  readonly classes: readonly number[];
}

/** Images whose top probability is within `low_edge` … `high_edge`: how sure, how often right, the interval. */
export interface ReliabilityBin {
  readonly low_edge: number;
  readonly high_edge: number;
  readonly count: number;
  readonly confidence: number | null;
  readonly accuracy: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A model that was learned. `features` numbers that its classifier sees; `snapshots` weights that are kept. */
export interface ModelSummary {
  readonly id: string;
  readonly setup: Setup;
  readonly classes: readonly number[];
  readonly linear: boolean;
  readonly features: number;
  readonly passes: number;
  readonly snapshots: number;
  readonly seconds: number;
  readonly objective: number;
  readonly converged: boolean;
  readonly outcome: string;
  readonly train_accuracy: number;
  readonly test_accuracy: number | null;
}

/** All passes of the session's last training so far. */
export interface Passes {
  readonly passes: readonly PassEvent[];
}

/** One pass over the data. `index` counts the solver's events from 0: `weights/INDEX` has the weights after it. `gradient` Euclidean norm; `gap` estimated distance of the objective from its minimum, None where unknown; accuracies are shares, on at most 5,000 images each, and None for passes where they were not taken. */
export interface PassEvent {
  readonly kind: "pass";
  readonly training: number;
  readonly method: "solver" | "descent";
  readonly index: number;
  readonly number: number;
  readonly seconds: number;
  readonly objective: number;
  readonly gradient: number;
  readonly gap: number | null;
  readonly step: number;
  readonly train_accuracy: number | null;
  readonly test_accuracy: number | null;
  readonly plane: Plane | null;
}

/** Where there are two features: z = weights · (first, second) + bias, in units of `scatter`; (R, 2), (R,). */
export interface Plane {
  readonly weights: readonly (readonly [number, number])[];
  readonly bias: readonly number[];
}

/** Where one page stands. `model` answers all questions; `models` those kept for comparing, newest first. Of two states of a session the one of the higher `revision` was taken later; an answer may be overtaken by the stream. */
export interface SessionState {
  readonly kind: "state";
  readonly session: string;
  readonly revision: number;
  readonly setup: Setup;
  readonly training: TrainingState | null;
  readonly model: ModelSummary | null;
  readonly models: readonly ModelSummary[];
}

/** The session's training. `ahead`: trainings before it while it waits; `events`: passes of the solver so far. */
export interface TrainingState {
  readonly id: number;
  readonly phase: "waiting" | "preparing" | "running" | "paused" | "done" | "stopped" | "failed";
  readonly setup: Setup;
  readonly ahead: number;
  readonly events: number;
  readonly outcome: string;
  readonly problem: Problem | null;
}

/** Begin a training, in place of the session's last one. `warm`: begin at the session's model where it has the same features and classes. `paused`: stop before the first step, to go on by `step` or `play`. `descent`: run plain gradient descent beside the solver, pass for pass. `pace` most passes a second, None for as fast as it goes. */
export interface TrainRequest {
  readonly setup: Setup;
  readonly warm?: boolean;
  readonly paused?: boolean;
  readonly descent?: boolean;
  readonly pace?: number | null;
}

/** `exact`: z = weights · x + bias for every image x of intensities 0…255. Else the weights are the slope of z at the mean training image, a picture and no more. */
export interface WeightsSummary {
  readonly model: string;
  readonly classes: readonly number[];
  readonly exact: boolean;
  readonly index: number;
  readonly passes: number;
}

export type Event = PassEvent | SessionState;
