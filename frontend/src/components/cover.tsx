import { cn } from "@/lib/utils";

interface CoverProps {
  url: string;
  /** Empty next to a visible title, so that screen readers do not read it twice. */
  alt?: string;
  className?: string;
  /** Loads at once instead of when it comes near the viewport. */
  eager?: boolean;
}

export function Cover({ url, alt = "", className, eager = false }: CoverProps) {
  return (
    <span className={cn("cover", className)}>
      <img
        src={url}
        alt={alt}
        width={400}
        height={600}
        loading={eager ? "eager" : "lazy"}
        decoding="async"
        className="size-full object-cover"
      />
    </span>
  );
}
