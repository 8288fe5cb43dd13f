import { act } from "@testing-library/react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { followTranslations } from "./translated-text";

let root: Root;
let container: HTMLElement;
/** A text between an element and another text. */
function Sample({ text }: { text: string | null }) {
  return (
    <>
      <b>before</b>
      {text === "with" && <i>inserted</i>}
      {text} books
    </>
  );
}

function show(text: string | null): void {
  act(() => {
    root.render(<Sample text={text} />);
  });
}

/** Replaces every text node by a `<font>` element, as Google's translator does. */
async function translate(): Promise<void> {
  const texts = document.createTreeWalker(container, NodeFilter.SHOW_TEXT);
  const found: Node[] = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  for (const text of found) {
    const font = document.createElement("font" as string); // its type is deprecated
    font.textContent = `<${text.textContent ?? ""}>`;
    text.parentNode?.insertBefore(font, text);
    text.parentNode?.removeChild(text);
  }
  await new Promise((done) => setTimeout(done));
}

beforeAll(followTranslations);

beforeEach(() => {
  container = document.body.appendChild(document.createElement("div"));
  root = createRoot(container);
  show("one");
});

afterEach(() => {
  act(() => {
    root.unmount();
  });
  container.remove();
});

it("shows a changed text instead of the translation of the old one", async () => {
  await translate();
  expect(container).toHaveTextContent("<before><one>< books>");
  show("two");
  await new Promise((done) => setTimeout(done));
  expect(container).toHaveTextContent("<before>two< books>");
});

it("removes a translated text", async () => {
  await translate();
  show(null);
  expect(container).toHaveTextContent("<before>< books>");
});

it("inserts an element before a translated text", async () => {
  await translate();
  show("with");
  await new Promise((done) => setTimeout(done));
  expect(container).toHaveTextContent("<before>insertedwith< books>");
});

it("does not fail for an element that an extension has removed", () => {
  container.querySelector("b")?.remove();
  expect(() => {
    act(() => {
      root.unmount();
    });
  }).not.toThrow();
  root = createRoot(container);
});
