import { HttpResponse, type JsonBodyType } from "msw";
import { setupServer } from "msw/node";

/** The base URL of all five ports of the gateway. */
export const API = "http://api.test";

export const server = setupServer();

/** Returns a successful response in the format of the contract. */
export const ok = (fields: Record<string, JsonBodyType>, code = 200) =>
  HttpResponse.json({ code, ...fields }, { status: code });

/** Returns an error response in the format of the contract. */
export const errorResponse = (
  code: number,
  message: string,
  data?: Record<string, JsonBodyType>,
  headers?: Record<string, string>,
) =>
  HttpResponse.json(
    { code, message, ...(data && { data }) },
    { status: code, ...(headers && { headers }) },
  );
