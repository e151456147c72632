import { tick } from "svelte";
import { smallestChange } from "../model/change";
import { framed, type Pad } from "../model/framing";
import { contributions, linearModel, scores, type LinearModel } from "../model/linear";
import { nearest } from "../model/neighbours";
import { inkOf } from "../model/photo";
import { probabilitiesOf, topTwo } from "../model/probability";
import { inked, read, spelled, type Stroke } from "../model/strokes";
import type { Neighbour } from "../wire";
import { said } from "./loaded.svelte";
import type { Studio } from "./studio.svelte";

/** z and probabilities of the classes that the model knows, and the places of the two likeliest. */
export interface Answer {
  readonly z: ArrayLike<number>;
  readonly probability: ArrayLike<number>;
  readonly first: number;
  readonly second: number;
}

/** The smallest change that was found: the image after it, and what it was decided to be then (a code). */
export interface Flip {
  readonly image: ArrayLike<number>;
  readonly target: number;
  readonly norm: number;
  readonly method: string;
}

/** What takes longer than a frame, and is asked for when the pen rests. */
interface Deeper {
  readonly of: Uint8Array;
  readonly contributions: Float32Array | null;
  readonly flip: Flip | null;
  readonly neighbours: readonly Neighbour[];
  readonly sentences: readonly string[];
}

/** Pixels that came from elsewhere than the pad: a photo, or an image after a change. */
interface Laid {
  readonly pixels: Uint8Array;
  readonly pad: Pad | null;
  readonly notes: readonly string[];
}

const REST = 140;
const NEAR = 8;
const PHOTO = 280;
const CLOSED = "closed form: no smaller change within black and white does it";

/** One question: an image, and the model's answer with its reasons. */
export class Asking {
  strokes = $state.raw<readonly Stroke[]>([]);
  laid = $state.raw<Laid | null>(null);
  problem = $state.raw<string | null>(null);
  private distant = $state.raw<{ readonly of: Uint8Array; readonly answer: Answer } | null>(null);
  private deep = $state.raw<Deeper | null>(null);
  private written = "";
  private asking = false;

  constructor(private readonly studio: Studio) {
    $effect(() => {
      const { drawing } = studio.state; // also when the address changes under us
      if (drawing === this.written) return;
      this.written = drawing;
      this.strokes = read(drawing) ?? [];
      this.laid = null;
    });
    $effect(() => {
      const [image, model] = [this.image, studio.model.value];
      if (!image || !model) return;
      if (!this.linear) void this.ask(image);
      const timer = setTimeout(() => void this.dig(image), REST);
      return () => clearTimeout(timer);
    });
  }

  /** The model, where it is linear in the pixels. */
  readonly linear: LinearModel | null = $derived.by(() => {
    const packet = this.studio.model.need();
    return packet?.value.exact ? linearModel(packet.float32("weights"), packet.float32("bias")) : null;
  });

  /** Codes of the classes that the model knows, in the order of probabilities. */
  readonly classes: readonly number[] = $derived.by(() => this.studio.model.need()?.value.classes ?? []);

  /** Row of the data that is asked about; null where it is a drawing or a photo. */
  readonly row: number | null = $derived.by(() => {
    if (this.laid || this.strokes.length) return null;
    const { n, n_train } = this.studio.hello.dataset;
    return Math.min(n - 1, this.studio.state.row ?? (n_train < n ? n_train : 0));
  });

  /** What the model sees; null until it has come. */
  readonly image: Uint8Array | null = $derived.by(() => {
    if (this.laid) return this.laid.pixels;
    const { framing } = this.studio.hello;
    if (this.strokes.length) {
      const pad = inked(this.strokes, framing);
      return pad && framed(pad, framing);
    }
    void this.studio.images.full.arrived;
    return this.studio.images.full.now(this.row!);
  });

  readonly answer: Answer | null = $derived.by(() => {
    if (!this.image) return null;
    if (!this.linear) return this.distant?.answer ?? null;
    return this.image.length === this.linear.columns ? answered(scores(this.linear, this.image)) : null;
  });

  /** What each pixel adds to z: (R, h, w, channels); null until it has come. */
  readonly contributions: Float32Array | null = $derived.by(() => {
    if (this.linear && this.image) return contributions(this.linear, this.image);
    return this.deep?.contributions ?? null;
  });

  /** Null while it is sought, or the picture it was sought for is another. */
  readonly deeper: Deeper | null = $derived(this.deep && this.image && same(this.deep.of, this.image) ? this.deep : null);

  // -- a person's hand ------------------------------------------------------------------------------------

  /** The pen has moved; how long it takes until the bars have followed is measured. */
  draw(strokes: readonly Stroke[], at: number): void {
    this.laid = null;
    this.written = spelled(strokes);
    this.strokes = read(this.written) ?? []; // just as who opens the link will have them
    this.studio.set({ drawing: this.written, row: strokes.length ? null : this.studio.state.row, target: null });
    void tick().then(() => measured(at));
  }

  clear(): void {
    this.draw([], performance.now());
  }

  show(row: number): void {
    this.laid = null;
    this.strokes = [];
    this.written = "";
    this.studio.set({ drawing: "", row, target: null });
  }

  /** Lay an image under the question that is not from the data. */
  lay(laid: Laid): void {
    this.strokes = [];
    this.written = "";
    this.laid = laid;
    this.studio.set({ drawing: "", target: null });
  }

  async photo(file: Blob): Promise<void> {
    try {
      this.lay(this.studio.api.static ? await this.developed(file) : await this.uploaded(file));
      this.problem = null;
    } catch (error) {
      this.problem = said(error);
    }
  }

  private async uploaded(file: Blob): Promise<Laid> {
    const { upload_bytes } = this.studio.hello.limits;
    if (file.size > upload_bytes) throw new Error(`The file is too large. Choose one of at most ${Math.round(upload_bytes / 2 ** 20)} MB.`);
    const packet = await this.studio.api.upload(file);
    const [height, width, channels = 1] = packet.shape("pad");
    return {
      pixels: packet.uint8("image"),
      pad: { pixels: packet.uint8("pad"), height: height!, width: width!, channels },
      notes: packet.value.notes,
    };
  }

  /** The same without a server, as near as a browser can. */
  private async developed(file: Blob): Promise<Laid> {
    const { framing } = this.studio.hello;
    const bitmap = await createImageBitmap(file).catch(() => {
      throw new Error("The file cannot be read as an image. Choose a PNG or JPEG file.");
    });
    const most = framing.ink ? PHOTO : Math.max(framing.height, framing.width);
    const scale = Math.min(framing.ink ? 1 : Infinity, most / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = framing.ink ? [width, height] : [framing.width, framing.height];
    const context = sheet.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(bitmap, Math.floor((sheet.width - width) / 2), Math.floor((sheet.height - height) / 2), width, height);
    const { data } = context.getImageData(0, 0, sheet.width, sheet.height);
    const grey = Uint8Array.from({ length: data.length / 4 }, (_, i) =>
      Math.round(0.299 * data[4 * i]! + 0.587 * data[4 * i + 1]! + 0.114 * data[4 * i + 2]!),
    );
    const notes = [`${bitmap.width}×${bitmap.height} pixels`];
    if (framing.ink) {
      const { pad, turned } = inkOf(grey, height, width);
      notes.push(turned ? "dark on light, taken as a negative" : "light on dark", "paper made even, ink made full");
      return { pixels: framed(pad, framing), pad, notes };
    }
    const pixels = framing.channels === 3 ? Uint8Array.from({ length: (data.length / 4) * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]!) : grey;
    return { pixels, pad: null, notes };
  }

  // -- what takes longer ----------------------------------------------------------------------------------

  /** A recipe that the page cannot compute: one question in flight, the newest image next. */
  private async ask(image: Uint8Array): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const packet = await this.studio.api.predict(this.studio.id, image);
      const probability = packet.float32("probability");
      const [first, second] = topTwo(probability);
      this.distant = { of: image, answer: { z: packet.float32("z"), probability, first, second } };
      this.problem = null;
    } catch (error) {
      this.problem = said(error);
    } finally {
      this.asking = false;
    }
    if (this.image && this.image !== image && !this.linear) void this.ask(this.image);
  }

  private async dig(image: Uint8Array): Promise<void> {
    const { api, id } = this.studio;
    const own = this.linear && image.length === this.linear.columns ? this.flipped(this.linear, image) : null;
    if (this.linear) this.deep = { of: image, contributions: null, flip: own, neighbours: this.deeper?.neighbours ?? [], sentences: [] };
    try {
      if (api.static) {
        const neighbours = await this.near(image);
        if (same(image, this.image)) this.deep = { of: image, contributions: null, flip: own, neighbours, sentences: [] };
        return;
      }
      const asked = this.row ?? image;
      const packet = await api.explain(id, asked, !this.linear, NEAR);
      if (!same(image, this.image)) return;
      const { change, neighbours, sentences } = packet.value;
      const flip =
        this.linear || !change?.flips
          ? own
          : { image: packet.float32("changed"), target: change.target, norm: change.norm, method: change.method };
      this.deep = { of: image, contributions: packet.float32("contributions"), flip, neighbours, sentences };
    } catch (error) {
      this.problem = said(error);
    }
  }

  private flipped(model: LinearModel, image: Uint8Array): Flip | null {
    const change = smallestChange(model, image);
    return change && { image: change.image, target: this.classes[change.target]!, norm: change.norm, method: CLOSED };
  }

  private async near(image: Uint8Array): Promise<Neighbour[]> {
    const { n_train, image_block } = this.studio.hello.dataset;
    const columns = await this.studio.columns.get();
    const labels = columns.codes("label");
    const all = [];
    for (let block = 0; block * image_block < n_train; block++) {
      const bytes = await this.studio.api.images(block);
      const known = bytes.subarray(0, Math.min(bytes.length, (n_train - block * image_block) * image.length));
      all.push(...nearest(known, image, block * image_block, NEAR + 1));
    }
    return all
      .filter((one) => one.row !== this.row)
      .sort((a, b) => a.distance - b.distance)
      .slice(0, NEAR)
      .map((one) => ({ ...one, label: labels[one.row]! }));
  }
}

function answered(z: Float64Array): Answer {
  const probability = probabilitiesOf(z);
  const [first, second] = topTwo(probability);
  return { z, probability, first, second };
}

function same(one: Uint8Array, other: Uint8Array | null): boolean {
  return one === other || (other !== null && one.length === other.length && one.every((value, i) => value === other[i]));
}

/** From the pen's movement to the bars in the document, as the browser's own measures. */
function measured(at: number): void {
  const end = performance.now();
  if (at <= 0 || at > end) return;
  performance.measure("pen to bars", { start: at, end });
  if (performance.getEntriesByName("pen to bars").length > 400) performance.clearMeasures("pen to bars");
}
