interface Claims {
  sub: string;
  name: string;
}

/** Reads the claims of an access token. The app only displays them; the gateway verifies the token. */
export function readClaims(token: string): Claims {
  const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Claims>;
  return { sub: claims.sub ?? "", name: claims.name ?? "" };
}
