import { cn } from "@/lib/utils";
import type { ComponentProps } from "react";

function Pagination({ className, ...props }: ComponentProps<"nav">) {
  return <nav aria-label="Pages" data-slot="pagination" className={className} {...props} />;
}

function PaginationContent({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      data-slot="pagination-content"
      className={cn("flex items-center justify-between gap-4", className)}
      {...props}
    />
  );
}

export { Pagination, PaginationContent };
