// What the page computes of cases that Python wrote: node page.mjs WEB CASES.json FOUND.json

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [web, given, found] = process.argv.slice(2);
const { createServer } = await import(pathToFileURL(createRequire(`${web}/package.json`).resolve("vite")).href);
const server = await createServer({
  root: web, configFile: false, appType: "custom", logLevel: "error", optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, ws: false },
});
const load = (name) => server.ssrLoadModule(`/src/model/${name}.ts`);
const { linearModel, scores, contributions } = await load("linear");
const { probabilitiesOf, scoresOf, topTwo } = await load("probability");
const { smallestChange } = await load("change");
const { framed } = await load("framing");
const { confusionOf, countsAt, decided } = await load("thresholds");

const cases = JSON.parse(readFileSync(given, "utf-8"));
const models = cases.models.map(({ weights, bias, image }) => {
  const model = linearModel(Float32Array.from(weights.flat()), Float32Array.from(bias));
  const z = scores(model, image);
  const change = smallestChange(model, image);
  const [predicted, runner_up] = topTwo(scoresOf(z));
  return {
    z: Array.from(z), probability: Array.from(probabilitiesOf(z)), predicted, runner_up,
    contributions: Array.from(contributions(model, image)),
    change: change && { target: change.target, delta: Array.from(change.delta), norm: change.norm },
  };
});
const frames = cases.frames.map(({ framing, pad }) => {
  const channels = Array.isArray(pad[0][0]) ? 3 : 1;
  const pixels = Uint8Array.from(pad.flat(2));
  return Array.from(framed({ pixels, height: pad.length, width: pad[0].length, channels }, framing));
});
const judged = cases.judged.map(({ label, probability, K, k, threshold }) => {
  const one = { labels: label, probability, K };
  const counts = threshold.map((at) => {
    const { truePositive, falsePositive, falseNegative, trueNegative } = countsAt(one, k, at);
    return [truePositive, falsePositive, falseNegative, trueNegative];
  });
  return { confusion: Array.from(confusionOf(label, decided(one), K)), counts };
});
writeFileSync(found, JSON.stringify({ models, frames, judged }));
await server.close();
