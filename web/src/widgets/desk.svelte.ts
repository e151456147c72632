import { Trait, octets, type AnyModel } from "./model.svelte";

/** What the gallery of the studio asks of it, answered from the traits of a widget. */
export class Desk {
  readonly size: Trait<number>;
  hover = $state.raw<{ row: number | null; label: number | null }>({ row: null, label: null });
  readonly hello;
  readonly images;
  readonly columns;
  readonly predictions;
  private readonly chosen: Trait<number | null>;
  private readonly numbers: readonly number[];

  constructor(model: AnyModel) {
    this.size = new Trait(model, "size");
    this.chosen = new Trait(model, "selected");
    this.numbers = model.get("rows") as readonly number[];
    const [height, width, channels] = model.get("shape") as [number, number, number];
    const pixels = octets(model.get("images") as DataView);
    const each = height * width * channels;
    const names = model.get("classes") as readonly string[];
    const predicted = model.get("predicted") as readonly number[];
    const codes = (values: readonly number[]) => ({ value: { codes: () => values, float32: (): number[] => [] } });
    this.hello = {
      dataset: {
        thumb_height: height,
        thumb_width: width,
        channels,
        n_train: Infinity,
        classes: names.map((name) => ({ name })),
      },
    };
    this.images = { thumbs: { arrived: 1, now: (row: number): Uint8Array => pixels.subarray(row * each, (row + 1) * each) } };
    this.columns = codes(model.get("labels") as readonly number[]);
    this.predictions = predicted.length ? codes(predicted) : { value: null };
  }

  /** Places of the images, in the order that they were given. */
  get rows(): Uint32Array {
    return Uint32Array.from(this.numbers, (_, i) => i);
  }

  get state(): { row: number | null } {
    const place = this.chosen.value === null ? -1 : this.numbers.indexOf(this.chosen.value);
    return { row: place < 0 ? null : place };
  }

  point(hover: { row?: number; label?: number }): void {
    this.hover = { row: null, label: null, ...hover };
  }

  /** Choose an image, or no longer. */
  choose(place: number): void {
    const row = this.numbers[place]!;
    this.chosen.set(this.chosen.value === row ? null : row);
  }

  /** One image in words. */
  about(place: number | null): string {
    if (place === null) return "";
    const name = (code: number | undefined): string => (code === undefined ? "" : (this.hello.dataset.classes[code]?.name ?? ""));
    const predicted = this.predictions.value?.codes()[place];
    return `Image ${this.numbers[place]}: ${name(this.columns.value.codes()[place])}${predicted === undefined ? "" : `, taken for ${name(predicted)}`}`;
  }
}
