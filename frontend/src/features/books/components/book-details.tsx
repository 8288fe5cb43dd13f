import type { Book } from "@/lib/api/client";
import { Link } from "react-router";
import { paths } from "@/config/paths";

export function BookDetails({ book }: { book: Book }) {
  const details = [
    ["Format", book.format],
    ["Publisher", book.publishers],
    ["ISBN", book.ISBN],
  ] as const;
  return (
    <>
      <p className="rubricated max-w-[34rem] font-serif text-[1.25rem] leading-[1.58]">
        {book.description}
      </p>
      <dl className="mt-9 max-w-[34rem] border-t border-border">
        <Detail label="Genre">
          <Link
            to={paths.browse({ genre: book.genre })}
            className="underline decoration-input underline-offset-4 hover:decoration-rubric"
          >
            {book.genre}
          </Link>
        </Detail>
        {details.map(([label, value]) => (
          <Detail key={label} label={label}>
            {value}
          </Detail>
        ))}
      </dl>
    </>
  );
}

function Detail({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex justify-between gap-6 border-b border-border py-2.5 text-sm">
      <dt className="text-muted-foreground">{label}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}
