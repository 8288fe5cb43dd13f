import { Skeleton } from "@/components/ui/skeleton";

export function BookSkeleton() {
  return (
    <>
      <Skeleton className="aspect-[2/3] max-md:mx-auto max-md:w-1/2" />
      <div>
        <Skeleton className="h-14 w-4/5" />
        <Skeleton className="mt-5 h-7 w-2/5" />
        <Skeleton className="mt-10 h-64 w-full max-w-[34rem]" />
        <Skeleton className="mt-10 h-40 w-full max-w-[34rem]" />
      </div>
    </>
  );
}
