/** What a threshold on the probability of one class does. */

/** How many of a class are called it, and how many others are. */
export interface Counts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** Decisions on m images: `labels` and the places 0…K−1 of classes, `probability` (m × K) in C order. */
export interface Judged {
  readonly labels: ArrayLike<number>;
  readonly probability: ArrayLike<number>;
  readonly K: number;
}

/** Counts where class k is called wherever its probability reaches the threshold. */
export function countsAt(judged: Judged, k: number, threshold: number): Counts {
  const { labels, probability, K } = judged;
  let [truePositive, falsePositive, positive] = [0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const is = labels[i] === k;
    if (is) positive++;
    if (probability[i * K + k]! >= threshold) is ? truePositive++ : falsePositive++;
  }
  const negative = labels.length - positive;
  return { truePositive, falsePositive, falseNegative: positive - truePositive, trueNegative: negative - falsePositive };
}

/** Decisions (m): class k wherever its probability reaches the threshold, else the likeliest of the others. */
export function decidedAt(judged: Judged, k: number, threshold: number): Int32Array {
  const { labels, probability, K } = judged;
  const decided = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    if (probability[i * K + k]! >= threshold) {
      decided[i] = k;
      continue;
    }
    let best = k === 0 ? 1 : 0;
    for (let j = 0; j < K; j++) if (j !== k && probability[i * K + j]! > probability[i * K + best]!) best = j;
    decided[i] = best;
  }
  return decided;
}

/** Decisions (m): the likeliest class, the first of equals. */
export function decided({ labels, probability, K }: Judged): Int32Array {
  const found = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let j = 1; j < K; j++) if (probability[i * K + j]! > probability[i * K + best]!) best = j;
    found[i] = best;
  }
  return found;
}

/** (K × K) counts: row the true class, column the decision. */
export function confusionOf(labels: ArrayLike<number>, decisions: ArrayLike<number>, K: number): Uint32Array {
  const confusion = new Uint32Array(K * K);
  for (let i = 0; i < labels.length; i++) confusion[labels[i]! * K + decisions[i]!]!++;
  return confusion;
}

/** Shares from counts; null where there is nothing to take a share of. */
export function rates(counts: Counts): {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly falsePositiveRate: number | null;
  readonly f1: number | null;
} {
  const share = (part: number, whole: number): number | null => (whole ? part / whole : null);
  const { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn } = counts;
  return {
    precision: share(tp, tp + fp),
    recall: share(tp, tp + fn),
    falsePositiveRate: share(fp, fp + tn),
    f1: share(2 * tp, 2 * tp + fp + fn),
  };
}
