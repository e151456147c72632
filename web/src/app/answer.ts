import { linearModel, scores } from "../model/linear";
import { probabilitiesOf, scoresOf, topTwo } from "../model/probability";
import type { Packet } from "../packet";
import type { WeightsSummary } from "../wire";
import type { Studio } from "./studio.svelte";

/** What the model says of one image; `z`, `probability` in the order of `classes`, which are codes of the data set. */
export interface Answer {
  readonly classes: readonly number[];
  readonly z: ArrayLike<number>;
  readonly probability: ArrayLike<number>;
  /** Places in `classes` of the first and the second. */
  readonly first: number;
  readonly second: number;
}

/** Ask the model: at once and in the page where it is linear, else at the server. */
export async function answer(studio: Studio, model: Packet<WeightsSummary>, image: Uint8Array): Promise<Answer> {
  const here = answerHere(model, image);
  if (here) return here;
  const packet = await studio.api.predict(studio.id, image);
  return told(model.value.classes, scoresOf(packet.float32("z")), packet.float32("probability"));
}

/** The same without asking anybody, or null where the model is not linear in the pixels. */
export function answerHere(model: Packet<WeightsSummary>, image: ArrayLike<number>): Answer | null {
  if (!model.value.exact) return null;
  const z = scores(linearModel(model.float32("weights"), model.float32("bias")), image);
  return told(model.value.classes, scoresOf(z), probabilitiesOf(z));
}

function told(classes: readonly number[], z: ArrayLike<number>, probability: ArrayLike<number>): Answer {
  const [first, second] = topTwo(probability);
  return { classes, z, probability, first, second };
}

/** Weights of a class, d numbers; with one row for two classes the first has the opposite of the second's. */
export function weightsOf(model: Packet<WeightsSummary>, place: number): Float32Array {
  const weights = model.float32("weights");
  const [rows, d] = model.shape("weights") as [number, number];
  if (rows > 1) return weights.subarray(place * d, (place + 1) * d);
  return place === 1 ? weights : weights.map((one) => -one);
}
