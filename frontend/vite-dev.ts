import type { Plugin, ProxyOptions } from "vite";

const PORTS = {
  users: ["USERS_PORT", "5001"],
  books: ["BOOKS_PORT", "5002"],
  orders: ["ORDERS_PORT", "5003"],
  placeOrder: ["PLACE_ORDER_PORT", "5004"],
  displayOrders: ["DISPLAY_ORDERS_PORT", "5005"],
} as const;

/** Proxies the gateway in `npm run dev`, so that no CORS setting is needed. */
export function gatewayProxy(env: NodeJS.ProcessEnv): Record<string, ProxyOptions> {
  const host = env["GATEWAY_HOST"] ?? "127.0.0.1";
  const rule = (name: string, port: string): ProxyOptions => ({
    target: `http://${host}:${port}`,
    rewrite: (path) => path.slice(`/api/${name}`.length),
    // The gateway sets the cookie for its own path; behind the proxy the route has a prefix.
    cookiePathRewrite: { "/refresh-token": `/api/${name}/refresh-token` },
    // The origin of `make run`, which the gateway allows.
    headers: { origin: "http://localhost:5173" },
  });
  return Object.fromEntries(
    Object.entries(PORTS).map(([name, [variable, port]]) => [
      `/api/${name}`,
      rule(name, env[variable] ?? port),
    ]),
  );
}

export function serveDevConfig(): Plugin {
  const urls = Object.keys(PORTS).map((name) => [`${name}Url`, `/api/${name}`]);
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
