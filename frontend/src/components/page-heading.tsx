import { useEffect, useRef, type ComponentProps } from "react";

/**
 * The heading of a page. A change of page puts the focus here, or on `main` while there is no heading
 * yet: one that comes later takes it from there.
 */
export function PageHeading({ children, ...rest }: ComponentProps<"h1">) {
  const place = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement?.id === "main") place.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={place} tabIndex={-1} {...rest}>
      {children}
    </h1>
  );
}
