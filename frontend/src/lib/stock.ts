const LOW_STOCK_THRESHOLD = 10;

export function describeStock(quantity: number): string {
  if (quantity <= 0) return "Out of stock";
  return quantity <= LOW_STOCK_THRESHOLD ? `Only ${quantity} left` : "In stock";
}

export const isLowStock = (quantity: number) => quantity > 0 && quantity <= LOW_STOCK_THRESHOLD;
