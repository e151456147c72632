import { chosenRows, inside, needsModel } from "../rows";
import type { Studio } from "./studio.svelte";

/** The images that pass the filters and the lasso: the same ones in every room. */
export class Selection {
  constructor(private readonly studio: Studio) {}

  /** 1 for rows within the lasso, or null where there is none. */
  readonly within: Uint8Array | null = $derived.by(() => {
    const { lasso, x, y } = this.studio.state;
    if (lasso.length < 6) return null;
    const packet = this.studio.scatter.need();
    if (!packet) return null;
    const [columns, n] = packet.shape("scatter") as [number, number];
    const all = packet.float32("scatter");
    const axis = (i: number): Float32Array => all.subarray(Math.min(i, columns - 1) * n, (Math.min(i, columns - 1) + 1) * n);
    return inside(lasso, axis(x), axis(y));
  });

  /** Rows that `only` names. */
  private readonly named: readonly number[] | null = $derived.by(() => {
    const { only } = this.studio.state;
    if (only === "suspects") return [...(this.studio.suspects.need()?.uint32("rows") ?? [])];
    if (only === "typical" || only === "atypical") return (this.studio.exploration.need()?.value[only] ?? []).flat();
    return null;
  });

  /** Rows in the order of the gallery; null until enough is known. */
  readonly rows: Uint32Array | null = $derived.by(() => {
    const { state, hello } = this.studio;
    const columns = this.studio.columns.need();
    if (!columns) return null;
    const predictions = needsModel(state) && this.studio.session?.model ? this.studio.predictions.need() : this.studio.predictions.value;
    return chosenRows(state, {
      n: hello.dataset.n,
      n_train: hello.dataset.n_train,
      label: columns.codes("label"),
      ink: columns.float32("ink"),
      duplicate: columns.uint8("duplicate"),
      predicted: predictions?.codes("predicted") ?? null,
      confidence: predictions?.float32("confidence") ?? null,
      named: this.named,
      within: this.within,
    });
  });
}

/** What is known of one image, for captions. */
export interface About {
  readonly row: number;
  readonly label: string;
  readonly train: boolean;
  readonly predicted: string | null;
  readonly confidence: number | null;
  readonly right: boolean | null;
}

export function about(studio: Studio, row: number): About {
  const { dataset } = studio.hello;
  const name = (code: number | undefined): string => (code === undefined ? "" : (dataset.classes[code]?.name ?? ""));
  const label = studio.columns.value?.codes("label")[row];
  const known = studio.predictions.value;
  const predicted = known?.codes("predicted")[row];
  return {
    row,
    label: name(label),
    train: row < dataset.n_train,
    predicted: predicted === undefined ? null : name(predicted),
    confidence: known?.float32("confidence")[row] ?? null,
    right: predicted === undefined ? null : predicted === label,
  };
}
