// What each walk is given, and a browser that allows the login.
export const user = "auth0|5f7c+rye@example.com";

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const url = given("GATEWAY_URL");
export const key = given("GATEWAY_KEY");
export const photo = given("PHOTO_URL");

/** The head of an MP4 and zeros: the simulator looks at the rest only after the upload. */
export function video(size: number): Blob {
  const head = [0, 0, 0, 0x18, ...Buffer.from("ftypmp42\0\0\0\0mp42isom", "latin1")];
  return new Blob([Uint8Array.from(head), new Uint8Array(size - head.length)], { type: "video/mp4" });
}

/** Agrees on the simulator's consent page, and follows the way back to the gateway. */
export async function allow(authorizeUrl: string): Promise<void> {
  const page = await fetch(`${authorizeUrl}&simulate=allow`);
  if (!page.ok) throw new Error(`the login ended with ${page.status}: ${await page.text()}`);
}

export function equal<T>(what: string, is: T, wanted: T): void {
  if (is !== wanted) throw new Error(`${what}: ${String(is)}, not ${String(wanted)}`);
}
