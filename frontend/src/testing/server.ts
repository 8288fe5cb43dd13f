import { HttpResponse, type JsonBodyType } from "msw";
import { setupServer } from "msw/node";

/** All five sets of the gateway at one address. */
export const API = "http://api.test";

export const server = setupServer();

/** An answer as the contract has it. */
export const ok = (fields: Record<string, JsonBodyType>, code = 200) =>
  HttpResponse.json({ code, ...fields }, { status: code });

export const refuse = (
  code: number,
  message: string,
  data?: Record<string, JsonBodyType>,
  headers?: Record<string, string>,
) =>
  HttpResponse.json(
    { code, message, ...(data && { data }) },
    { status: code, ...(headers && { headers }) },
  );
