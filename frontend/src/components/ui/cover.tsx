import { cn } from "@/lib/cn";

interface CoverProps {
  url: string;
  /** Empty beside the title in words, so that it is not read twice. */
  alt?: string;
  className?: string;
  first?: boolean;
}

export function Cover({ url, alt = "", className, first = false }: CoverProps) {
  return (
    <span className={cn("cover", className)}>
      <img
        src={url}
        alt={alt}
        width={400}
        height={600}
        loading={first ? "eager" : "lazy"}
        decoding="async"
        className="size-full object-cover"
      />
    </span>
  );
}
