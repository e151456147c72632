import { expect, test } from "vitest";
import { Api, Refusal, type Fetch } from "../src/api";

const JSON_KIND = { headers: { "Content-Type": "application/json" } };

/** A server that keeps what it was asked. */
function server(answers: Record<string, unknown>): { fetch: Fetch; asked: [string, RequestInit | undefined][] } {
  const asked: [string, RequestInit | undefined][] = [];
  const fetch: Fetch = async (address, init) => {
    asked.push([address, init]);
    const answer = answers[address];
    if (answer instanceof Response) return answer.clone();
    if (answer instanceof Uint8Array) return new Response(answer.slice());
    if (answer !== undefined) return new Response(JSON.stringify(answer), JSON_KIND);
    return new Response(JSON.stringify({ error: "no such thing", remedy: "Ask for another.", code: "missing" }), { status: 404, ...JSON_KIND });
  };
  return { fetch, asked };
}

const live = { static: false, version: "1", stages: [] };
const alone = { static: true, version: "1", stages: [4] };
const PACKET = new Uint8Array([0x53, 0x4c, 0x50, 0x31, 32, 0, 0, 0, ...new TextEncoder().encode('{"value":7,"arrays":[]}'.padEnd(32))]);

test("a live server is asked under api/", async () => {
  const { fetch, asked } = server({ "./data/manifest.json": live, "./api/hello": { version: "1" }, "./api/thumbs/3": Uint8Array.of(1, 2), "./api/pca": PACKET });
  const api = await Api.open(".", fetch);
  expect(await api.hello()).toEqual({ version: "1" });
  expect(await api.thumbs(3)).toEqual(Uint8Array.of(1, 2));
  expect((await api.pca()).value).toBe(7);
  expect(asked.map(([address]) => address)).toEqual(["./data/manifest.json", "./api/hello", "./api/thumbs/3", "./api/pca"]);
});

test("a static copy is read under data/, with endings", async () => {
  const { fetch, asked } = server({
    "/x/data/manifest.json": alone,
    "/x/data/hello.json": {},
    "/x/data/images/0.bin": Uint8Array.of(5),
    "/x/data/sessions/static.json": { session: "static" },
    "/x/data/sessions/static/model.bin": PACKET,
  });
  const api = await Api.open("/x", fetch);
  await api.hello();
  await api.images(0);
  const session = await api.begin({} as never);
  await api.model(session.session);
  expect(asked.every(([, init]) => init?.method === undefined)).toBe(true);
  expect(api.follow("static", { event: () => undefined, gone: () => undefined })).toBeTypeOf("function");
});

test("a static copy says what only a server can do, and asks nobody", async () => {
  const { fetch, asked } = server({ "./data/manifest.json": alone });
  const api = await Api.open(".", fetch);
  for (const asking of [api.train("static", {} as never), api.predict("static", new Uint8Array(4)), api.upload(new Blob())]) {
    await expect(asking).rejects.toThrow("this copy of the page has no server behind it");
  }
  expect(asked).toHaveLength(1);
});

test("bodies are JSON or bytes, and say so", async () => {
  const { fetch, asked } = server({ "./data/manifest.json": live, "./api/sessions": {}, "./api/sessions/a/pace": {}, "./api/sessions/a/play": {}, "./api/sessions/a/predict": PACKET });
  const api = await Api.open(".", fetch);
  await api.begin();
  await api.pace("a", null);
  await api.control("a", "play");
  await api.predict("a", Uint8Array.of(1, 2, 3));
  const told = asked.slice(1).map(([, init]) => [init?.method, (init?.headers as Record<string, string>)["Content-Type"], init?.body]);
  expect(told).toEqual([
    ["POST", "application/json", null],
    ["POST", "application/json", "null"],
    ["POST", "application/json", null],
    ["POST", "application/octet-stream", Uint8Array.of(1, 2, 3)],
  ]);
});

test("a refusal carries the server's own words", async () => {
  const { fetch } = server({ "./data/manifest.json": live });
  const api = await Api.open(".", fetch);
  const refusal: unknown = await api.state("lost").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ status: 404, problem: { error: "no such thing", remedy: "Ask for another.", code: "missing" } });
});

test("a server that is no studio, or none at all, is said in words", async () => {
  const other = server({ "./data/manifest.json": new Response("<h1>Not here</h1>", { status: 502 }) });
  await expect(Api.open(".", other.fetch)).rejects.toThrow("the server answered 502");
  await expect(Api.open(".", () => Promise.reject(new TypeError("failed")))).rejects.toThrow("the server does not answer");
});
