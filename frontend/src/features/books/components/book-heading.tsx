import { PageHeading } from "@/components/page-heading";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { Link } from "react-router";

export function BookHeading({ book }: { book: Book }) {
  const authors = book.authors.split(", ");
  return (
    <header>
      <PageHeading className="text-[clamp(2.25rem,1.35rem+3.2vw,3.75rem)] leading-[1.04] font-[350] tracking-[-0.024em]">
        {book.title}
      </PageHeading>
      <p className="mt-4 font-serif text-[1.375rem] text-muted-foreground italic">
        by{" "}
        {authors.map((author, index) => (
          <span key={author}>
            {index > 0 && (index === authors.length - 1 ? " and " : ", ")}
            <Link
              to={paths.browse({ search: author })}
              className="text-foreground underline decoration-transparent underline-offset-4 transition-colors hover:decoration-rubric"
            >
              {author}
            </Link>
          </span>
        ))}
      </p>
    </header>
  );
}
