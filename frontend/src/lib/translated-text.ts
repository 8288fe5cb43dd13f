/** Text nodes that a translator has taken out of the page, each with the element that it put there instead. */
const replacements = new WeakMap<Node, ChildNode>();
const TRANSLATOR_ELEMENT = "FONT";

function elementInPlaceOf({ addedNodes, previousSibling, nextSibling }: MutationRecord) {
  const candidates = [...addedNodes, previousSibling, nextSibling];
  return candidates.find((node) => node?.nodeName === TRANSLATOR_ELEMENT) as ChildNode | undefined;
}

function follow(records: MutationRecord[], observer: MutationObserver): void {
  for (const record of records) {
    if (record.type === "characterData") {
      // React has changed a text that is not in the page: show it instead of the translation of the old one.
      replacements.get(record.target)?.replaceWith(record.target);
      replacements.delete(record.target);
      continue;
    }
    for (const removed of record.removedNodes) {
      const replacement = elementInPlaceOf(record);
      if (removed.nodeType !== Node.TEXT_NODE || !replacement) continue;
      replacements.set(removed, replacement);
      observer.observe(removed, { characterData: true });
    }
  }
}

/**
 * Lets React work in a page whose text a translator changes. Translators such as Google's replace text nodes by
 * `<font>` elements. React still holds the nodes, so it would throw when it removes one or inserts before one
 * (facebook/react#11538), and would change texts that are no longer in the page.
 */
export function followTranslations(): void {
  new MutationObserver(follow).observe(document.body, { childList: true, subtree: true });
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the `this` of their replacements
  const { removeChild, insertBefore } = Node.prototype;
  Node.prototype.removeChild = function <T extends Node>(this: Node, child: T): T {
    if (child.parentNode === this) return removeChild.call(this, child) as T;
    const replacement = replacements.get(child);
    if (replacement?.parentNode === this) removeChild.call(this, replacement);
    return child; // an extension has removed it already
  };
  Node.prototype.insertBefore = function <T extends Node>(
    this: Node,
    child: T,
    reference: Node | null,
  ): T {
    const isHere = (node: Node | null | undefined) => node?.parentNode === this;
    const replacement = reference && replacements.get(reference);
    const place = isHere(reference) ? reference : isHere(replacement) ? replacement : null;
    return insertBefore.call(this, child, place ?? null) as T;
  };
}
