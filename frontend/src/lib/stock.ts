const FEW = 10;

/** How many there are, in words. */
export function stockInWords(quantity: number): string {
  if (quantity <= 0) return "Out of stock";
  if (quantity === 1) return "Only the last copy left";
  return quantity <= FEW ? `Only ${quantity} left` : "In stock";
}

export const isScarce = (quantity: number) => quantity > 0 && quantity <= FEW;
