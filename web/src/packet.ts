/** One JSON value and named arrays in one run of bytes; API.md has the layout. */

const KINDS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
} as const;

type Kind = keyof typeof KINDS;
export type Codes = Uint8Array | Uint16Array;
export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array;

interface Entry {
  readonly name: string;
  readonly dtype: Kind;
  readonly shape: readonly number[];
  readonly offset: number;
}

/** What a packet holds. Arrays are views of its bytes: nothing is copied. */
export class Packet<V> {
  constructor(
    readonly value: V,
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly bytes: ArrayBuffer,
    private readonly begin: number,
  ) {}

  has(name: string): boolean {
    return this.entries.has(name);
  }

  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  any(name: string): Numbers {
    const { dtype, shape, offset } = this.entry(name);
    const size = shape.reduce((product, one) => product * one, 1);
    return new KINDS[dtype](this.bytes, this.begin + offset, size);
  }

  float32(name: string): Float32Array {
    return this.typed(name, Float32Array);
  }

  uint8(name: string): Uint8Array {
    return this.typed(name, Uint8Array);
  }

  uint32(name: string): Uint32Array {
    return this.typed(name, Uint32Array);
  }

  /** Indices of classes: of eight bits, or sixteen where there are many. */
  codes(name: string): Codes {
    const found = this.any(name);
    if (found instanceof Uint8Array || found instanceof Uint16Array) return found;
    throw new TypeError(`'${name}' holds no codes`);
  }

  private typed<T extends Numbers>(name: string, kind: new (...args: never[]) => T): T {
    const found = this.any(name);
    if (found instanceof kind) return found;
    throw new TypeError(`'${name}' is ${this.entry(name).dtype}, not ${kind.name}`);
  }

  private entry(name: string): Entry {
    const found = this.entries.get(name);
    if (found === undefined) throw new RangeError(`the packet has no '${name}', only ${[...this.entries.keys()].join(", ")}`);
    return found;
  }
}

/** Read a packet; a TypeError says what is no packet. */
export function unpack<V>(bytes: ArrayBuffer): Packet<V> {
  const view = new DataView(bytes);
  if (bytes.byteLength < 8 || view.getUint32(0, false) !== 0x534c5031) throw new TypeError("this is no packet");
  const length = view.getUint32(4, true);
  const header: { value: V; arrays: readonly Entry[] } = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  return new Packet(header.value, new Map(header.arrays.map((one) => [one.name, one])), bytes, 8 + length);
}
