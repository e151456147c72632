/** Numbers as the page writes them. */

export const count = (value: number): string => value.toLocaleString("en");

/** 0.9312 as “93.1 %”. */
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** With `digits` that matter, and a true minus. */
export function figure(value: number, digits = 3): string {
  const text = Number(value.toPrecision(digits)).toString();
  return text.replace("-", "−");
}

/** “1 pair”, “2 pairs”. */
export const many = (value: number, one: string, more = `${one}s`): string => `${count(value)} ${value === 1 ? one : more}`;
