import { CURRENCY } from "@/config/shop";

const money = new Intl.NumberFormat("en-US", { style: "currency", currency: CURRENCY });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const formatMoney = (amount: number) => money.format(amount);

/** Multiplies in cents, because 3 × 10.10 is not 30.30 in floating point. */
export const total = (price: number, quantity: number) =>
  (Math.round(price * 100) * quantity) / 100;

export const formatDay = (date: string) => day.format(new Date(date));
export const formatTime = (date: string) => clock.format(new Date(date));

export const count = (number: number, one: string, many = `${one}s`) =>
  `${number} ${number === 1 ? one : many}`;
