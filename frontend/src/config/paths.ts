/** The paths of all pages. */
export const paths = {
  home: "/",
  browse: (query?: Record<string, string>) =>
    query ? `/browse?${new URLSearchParams(query).toString()}` : "/browse",
  book: (id: number | string, quantity?: number) =>
    quantity && quantity > 1 ? `/books/${id}?quantity=${quantity}` : `/books/${id}`,
  orders: (page = 1) => (page > 1 ? `/myorders?page=${page}` : "/myorders"),
  logIn: (next?: string) => withNext("/login", next),
  signUp: (next?: string) => withNext("/signup", next),
};

function withNext(path: string, next?: string): string {
  return next && next !== "/" ? `${path}?next=${encodeURIComponent(next)}` : path;
}

/** Returns the path to open after log-in. It is a path of this app, never another site. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : paths.browse();
}
