export const SHOP = "Deckle";
export const CURRENCY = "USD";
