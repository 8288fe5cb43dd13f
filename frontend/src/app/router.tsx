import { createBrowserRouter, type RouteObject } from "react-router";
import { Broken } from "./routes/broken";
import { Opening } from "./routes/opening";
import * as Root from "./routes/root";

const browse = () => import("./routes/browse");

export const routes: RouteObject[] = [
  {
    ...Root,
    ErrorBoundary: Broken,
    HydrateFallback: Opening,
    children: [
      { index: true, lazy: browse },
      { path: "browse", lazy: browse },
      { path: "books/:bookId", lazy: () => import("./routes/book") },
      { path: "myorders", lazy: () => import("./routes/my-orders") },
      { path: "login", lazy: () => import("./routes/log-in") },
      { path: "signup", lazy: () => import("./routes/sign-up") },
      {
        path: "*",
        lazy: () => import("./routes/not-found").then(({ Component }) => ({ Component })),
      },
    ],
  },
];

export const createRouter = () => createBrowserRouter(routes);
