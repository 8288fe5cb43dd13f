import type { RuntimeConfig } from "@/config/runtime";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema";
import { authorizedFetch } from "../session/authorized-fetch";
import { configureTokenRequests } from "../session/token-requests";
import { fetchWithTimeout } from "./fetch-with-timeout";

type Schemas = components["schemas"];
export type Book = Schemas["Book"];
export type Order = Schemas["Order"];
export type OrderStatus = Order["status"];
export type Pagination = Schemas["Pagination"];

interface Api {
  users: Client<paths>;
  books: Client<paths>;
  placeOrder: Client<paths>;
  displayOrders: Client<paths>;
}

/** One client per port. `configureApi` fills it before the first render. */
export const api = {} as Api;

export function configureApi(config: RuntimeConfig): void {
  api.users = createClient<paths>({ baseUrl: config.usersUrl, fetch: fetchWithTimeout });
  api.books = createClient<paths>({ baseUrl: config.booksUrl, fetch: fetchWithTimeout });
  api.placeOrder = createClient<paths>({ baseUrl: config.placeOrderUrl, fetch: authorizedFetch });
  api.displayOrders = createClient<paths>({
    baseUrl: config.displayOrdersUrl,
    fetch: authorizedFetch,
  });
  configureTokenRequests(config.usersUrl);
}
