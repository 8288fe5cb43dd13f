import type { Book } from "@/lib/api/client";
import { Link } from "react-router";
import { paths } from "@/config/paths";

/** What there is to know before buying. */
export function BookDetails({ book }: { book: Book }) {
  const rows = [
    ["Format", book.format],
    ["Publisher", book.publishers],
    ["ISBN", book.ISBN],
  ] as const;
  return (
    <>
      <p className="rubricated max-w-[34rem] font-serif text-[1.25rem] leading-[1.58]">
        {book.description}
      </p>
      <dl className="mt-9 max-w-[34rem] border-t border-line">
        <Row label="Genre">
          <Link
            to={paths.browse({ genre: book.genre })}
            className="underline decoration-edge underline-offset-4 hover:decoration-rubric"
          >
            {book.genre}
          </Link>
        </Row>
        {rows.map(([label, value]) => (
          <Row key={label} label={label}>
            {value}
          </Row>
        ))}
      </dl>
    </>
  );
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex justify-between gap-6 border-b border-line py-2.5 text-sm">
      <dt className="text-soft">{label}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}
