import type { Plugin, ProxyOptions } from "vite";

const SETS = {
  users: ["USERS_PORT", "5001"],
  books: ["BOOKS_PORT", "5002"],
  orders: ["ORDERS_PORT", "5003"],
  placeOrder: ["PLACE_ORDER_PORT", "5004"],
  displayOrders: ["DISPLAY_ORDERS_PORT", "5005"],
} as const;

/** `npm run dev` reaches the gateway through its own origin, so that no CORS setting is needed. */
export function gatewayProxy(env: NodeJS.ProcessEnv): Record<string, ProxyOptions> {
  const host = env["GATEWAY_HOST"] ?? "127.0.0.1";
  const rule = (name: string, port: string): ProxyOptions => ({
    target: `http://${host}:${port}`,
    rewrite: (path) => path.slice(`/api/${name}`.length),
    // The cookie's path is the gateway's; here the same row stands one folder deeper.
    cookiePathRewrite: { "/refresh-token": `/api/${name}/refresh-token` },
    // The gateway lets in the origin that `make run` serves the pages from.
    headers: { origin: "http://localhost:5173" },
  });
  return Object.fromEntries(
    Object.entries(SETS).map(([name, [variable, port]]) => [
      `/api/${name}`,
      rule(name, env[variable] ?? port),
    ]),
  );
}

export function serveDevConfig(): Plugin {
  const urls = Object.keys(SETS).map((name) => [`${name}Url`, `/api/${name}`]);
  return {
    name: "dev-config",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use("/config.json", (_request, response) => {
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify(Object.fromEntries(urls)));
      });
    },
  };
}
