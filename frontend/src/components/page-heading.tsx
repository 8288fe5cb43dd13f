import { useEffect, useRef, type ComponentProps } from "react";

/**
 * The heading of a page, which gets the focus after a change of page. Until there is a heading,
 * `main` has the focus; a heading that is rendered later takes it over.
 */
export function PageHeading({ children, ...props }: ComponentProps<"h1">) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement?.id === "main") heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} {...props}>
      {children}
    </h1>
  );
}
